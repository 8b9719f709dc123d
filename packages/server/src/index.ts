export { createHearth } from './main.ts';
export type { Hearth, HearthOptions } from './main.ts';
export type { ApprovalContext, ApprovalHandler } from './embedded/approval-watch.ts';
export type { EventsOptions, EventStream } from './embedded/event-stream.ts';
export type { MessageDelivery, MessageOutcome, QueryResult } from './embedded/message-journey.ts';
export type { OpenOptions } from './embedded/open-session.ts';
export type { Query, Receipt, SendOptions, SessionHandle } from './embedded/session-handle.ts';
export { HearthError } from '@hearth/protocol';
