import type { Session } from '@hearth/protocol';
import type { ServerProcess } from '../server-process.ts';

const AT_ONCE = 50;

/** An answer as answers are: words, a list, code. */
const ANSWER = [
  'The reason is in `cart.ts`: the discount is a **fraction**, and it is subtracted as money.',
  '- the first total is right\n- the second is ten cents too high',
  '```ts\nreturn sum * (1 - discount);\n```',
].join('\n\n');

/** Has a session hold a conversation of so many turns with the scripted agent. */
export async function talkFor(server: ServerProcess, turns: number): Promise<Session> {
  const { baseUrl, token } = server.target('scripted');
  const call = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${baseUrl}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  const session = await call<Session>('/v1/sessions', { agent: 'scripted', title: `${turns} turns` });
  for (let sent = 0; sent < turns; sent += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, turns - sent) }, (_, index) => sent + index);
    await Promise.all(
      batch.map((turn) =>
        call(`/v1/sessions/${session.id}/messages`, {
          content: `Turn ${turn}: why is the total wrong? [[say ${ANSWER}]]`,
          priority: 'later',
        }),
      ),
    );
    for (;;) {
      const { phase, queue } = await call<Session>(`/v1/sessions/${session.id}`);
      if (phase === 'idle' && queue.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return session;
}

/** A link that logs a browser in. */
export async function loginLink(server: ServerProcess): Promise<string> {
  const { baseUrl, token } = server.target('scripted');
  const response = await fetch(`${baseUrl}/v1/login-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  return ((await response.json()) as { url: string }).url;
}
