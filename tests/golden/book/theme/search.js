import { open } from "./ranker.js";
