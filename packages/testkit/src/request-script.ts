import type { Reply } from './reply.ts';
import type { RecordedRequest } from './request-log.ts';

/** A script by code. It comes before the directives; `undefined` leaves the answer to them. */
export type RequestScript = (request: RecordedRequest) => Reply | undefined | Promise<Reply | undefined>;
