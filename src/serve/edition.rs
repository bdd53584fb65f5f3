//! One state of the site that never changes: a function from a path to what is answered there.
//!
//! Nothing is rendered before somebody asks. A few threads hold the finished book and its layout on their stacks, answer
//! what they are asked, and end when nobody holds the edition any more. So whatever is shown is of one state of the
//! book, and no page can be stale.

use super::hosting::{Answer, Host};
use crate::Finished;
use crate::diag::Diagnostic;
use crate::render::{Links, Site, SiteLinks, TemplateError, Templates};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use tokio::sync::oneshot;

/// How many threads render; the pages of many tabs are asked for at once.
const N_THREADS: usize = 2;
/// How many answers are kept; whoever asks for more pages than this is no reader.
const N_KEPT: usize = 512;

/// Files of a book's own, by name.
pub type OwnFiles = Vec<(String, Vec<u8>)>;
/// A book's own theme.
pub type OwnTheme = Arc<OwnFiles>;

/// One state of the site.
pub struct Edition {
    /// How many there were before.
    pub nth: u64,
    /// What it is made from.
    pub finished: Arc<Finished>,
    questions: Mutex<mpsc::Sender<Question>>,
    is_over: Arc<AtomicBool>,
}

/// What only the whole site shows; `None` where the edition was over before it was known.
pub type Whole = Result<Option<Vec<Diagnostic>>, TemplateError>;

enum Question {
    Page { path: String, markdown: bool, reply: oneshot::Sender<Arc<Answer>> },
    Whole { reply: Box<dyn FnOnce(Whole) + Send> },
}

impl Edition {
    /// Lays the site out, and is ready to be asked.
    pub fn start(nth: u64, finished: Finished, templates: Templates, theme: OwnTheme) -> Edition {
        let finished = Arc::new(finished);
        let (questions, asked) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let (book, over) = (Arc::clone(&finished), Arc::clone(&is_over));
        std::thread::spawn(move || {
            book.with_site(templates, &theme, |site| {
                let host = Host::new(&site, &book, &theme);
                answer_all(
                    &Desk { site: &site, host, book: &book, over: &over, kept: Mutex::default() },
                    asked,
                );
            });
        });
        Edition { nth, finished, questions: Mutex::new(questions), is_over }
    }

    /// What is answered at a path of the host, such as `/f/stale-lock/`. `markdown`: whether that is preferred to HTML.
    pub async fn answer(&self, path: &str, markdown: bool) -> Arc<Answer> {
        let (reply, answer) = oneshot::channel();
        self.ask(Question::Page { path: path.to_owned(), markdown, reply });
        answer.await.unwrap_or_else(|_| Arc::new(Answer::failed("the page could not be rendered")))
    }

    /// The same for those who may wait.
    pub fn answer_now(&self, path: &str) -> Arc<Answer> {
        let (reply, answer) = oneshot::channel();
        self.ask(Question::Page { path: path.to_owned(), markdown: false, reply });
        answer.blocking_recv().unwrap_or_else(|_| Arc::new(Answer::failed("the page could not be rendered")))
    }

    /// Renders all of it, one page after the other, and says what is wrong with the whole. It gives up when the edition
    /// is over.
    pub fn look_at_all(&self, reply: impl FnOnce(Whole) + Send + 'static) {
        self.ask(Question::Whole { reply: Box::new(reply) });
    }

    /// Says that there is a newer one.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether there is a newer one.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn ask(&self, question: Question) {
        // Without anybody there to answer, the question is dropped, and whoever waits sees that.
        let _ = self.questions.lock().expect("nobody panics while holding this lock").send(question);
    }
}

/// What the threads of one edition share.
struct Desk<'e> {
    site: &'e Site<'e>,
    host: Host,
    book: &'e Finished,
    over: &'e AtomicBool,
    kept: Mutex<HashMap<(String, bool), Kept>>,
}

/// An answer that is made once, by whoever asks first.
type Kept = Arc<OnceLock<Arc<Answer>>>;

fn answer_all(desk: &Desk, asked: mpsc::Receiver<Question>) {
    let asked = Mutex::new(asked);
    let next = || asked.lock().expect("nobody panics while holding this lock").recv().ok();
    std::thread::scope(|scope| {
        for _ in 0..N_THREADS {
            scope.spawn(|| {
                while let Some(question) = next() {
                    match question {
                        Question::Page { path, markdown, reply } => {
                            // Whoever asked may have gone away meanwhile.
                            let _ = reply.send(desk.answer(path, markdown));
                        }
                        // It takes long, so it has a thread of its own.
                        Question::Whole { reply } => drop(scope.spawn(|| reply(desk.whole()))),
                    }
                }
            });
        }
    });
}

impl Desk<'_> {
    fn answer(&self, path: String, markdown: bool) -> Arc<Answer> {
        let kept = {
            let mut all = self.kept.lock().expect("nobody panics while holding this lock");
            if all.len() >= N_KEPT {
                all.clear();
            }
            Arc::clone(all.entry((path.clone(), markdown)).or_default())
        };
        Arc::clone(kept.get_or_init(|| Arc::new(self.host.answer(self.site, self.book, &path, markdown))))
    }

    fn whole(&self) -> Whole {
        let mut links: Vec<Links> = vec![self.book.links(&[self.book.signatures()])];
        for nth in 0..self.site.n_parts() {
            if self.over.load(Ordering::Relaxed) {
                return Ok(None);
            }
            links.push(self.book.links(&self.site.part(nth)?));
        }
        Ok(Some(self.book.found_in(&SiteLinks::of(links))))
    }
}
