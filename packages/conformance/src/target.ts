/** The server under test, seen from outside. */
export interface Target {
  /** As in `http://127.0.0.1:4640`, without a slash at the end. */
  baseUrl: string;
  token: string;
  /** The agent to test with; default: the server's own. It has to obey the directives of section 7 of PROTOCOL.md. */
  agent?: string;
  /** What the model was asked, where the target's model API is scripted and can be read. */
  model?: ModelLog;
}

/** The requests that reached the scripted model API. */
export interface ModelLog {
  /** One entry per request of the main conversation, in order: the user's texts as the model got them. */
  requests(): readonly ModelRequest[];
}

export interface ModelRequest {
  userTexts: readonly string[];
  /** Every text of the last user turn, tool results included. */
  lastText: string;
}
