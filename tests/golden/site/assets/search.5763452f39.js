import { open } from "./ranker.9fb93c9280.js";
