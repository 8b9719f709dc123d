import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withDefaults } from './defaults.ts';

describe('settings that a program gives', () => {
  test('have the forms that the config file has', () => {
    const config = withDefaults({ idleTimeoutMs: '30m', workspace: 'work', port: 0, retryDelaysMs: [1, '2s'] });
    expect(config).toMatchObject({
      idleTimeoutMs: 30 * 60_000,
      workspace: [join(process.cwd(), 'work')],
      port: 0,
      retryDelaysMs: [1, 2_000],
      agent: withDefaults({}).agent,
    });
    expect(withDefaults(config)).toEqual(config);
  });

  test.each([
    [{ port: 'x' }, /^port is "x"/],
    [{ idleTimeoutMs: 'abc' }, /^idleTimeoutMs is "abc"/],
    [{ bogus: 1 }, /unknown key "bogus"/],
    [{ natsUrl: 'x' }, /^natsUrl is "x"/],
  ])('%j is refused, with what is allowed', (given, message) => {
    const refusal = { code: 'invalid_request', message: expect.stringMatching(message) as unknown };
    expect(() => withDefaults(given)).toThrow(
      expect.objectContaining({ ...refusal, hint: expect.stringMatching(/\S/) as unknown }) as Error,
    );
  });
});
