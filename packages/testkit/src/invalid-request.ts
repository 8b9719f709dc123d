import { apiFailure, type ApiFailure } from './api-error.ts';

/** A refusal in the real API's words; the field path comes first, as in `messages.0.content: Field required`. */
export class InvalidRequest extends Error {
  readonly failure: ApiFailure;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'InvalidRequest';
    this.failure = apiFailure(status, { message });
  }
}

export type JsonFields = Readonly<Record<string, unknown>>;

/** Narrows to a JSON object. */
export function isObject(value: unknown): value is JsonFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
