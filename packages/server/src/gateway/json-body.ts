import { HearthError } from '@hearth/protocol';

/** What a body that `parseJson` refused is answered with. */
export function invalidJson(error: unknown): HearthError {
  if (error instanceof HearthError) return error;
  const reason = error instanceof Error ? `: ${error.message}` : '';
  return new HearthError('invalid_request', `The body is not JSON${reason}`, {
    hint: 'Send one JSON object in UTF-8.',
    cause: error,
  });
}
