import { describe, expect, test } from 'vitest';
import { Ramp } from './ramp.ts';

const stays = new AbortController().signal;

/** Lets so many in, and says how many are in by now. */
async function crowd(ramp: Ramp, size: number): Promise<{ entered: () => number }> {
  let entered = 0;
  for (let index = 0; index < size; index += 1) void ramp.enter(stays).then(() => (entered += 1));
  await settle();
  return { entered: () => entered };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the ramp of an account', () => {
  test('[RLY10] lets a few in at first, and two more for each answer that begins', async () => {
    const ramp = new Ramp(() => 0);
    const { entered } = await crowd(ramp, 20);
    expect(entered()).toBe(4);
    ramp.leave('answered');
    await settle();
    expect(entered()).toBe(6);
    for (let answer = 0; answer < 4; answer += 1) ramp.leave('answered');
    await settle();
    expect(entered()).toBe(14);
  });

  test('[RLY10] halves the load when it was too fast, but always lets one in', async () => {
    const ramp = new Ramp(() => 0);
    const { entered } = await crowd(ramp, 10);
    for (let call = 0; call < 4; call += 1) ramp.leave('too_fast');
    await settle();
    expect(entered()).toBe(5);
  });

  test('[RLY10] forgets who does not wait any more, and begins anew after a long rest', async () => {
    let now = 0;
    const ramp = new Ramp(() => now);
    await crowd(ramp, 4);
    const away = new AbortController();
    const waiting = ramp.enter(away.signal);
    away.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    for (let call = 0; call < 4; call += 1) ramp.leave('answered');
    now = 10 * 60_000;
    expect((await crowd(ramp, 8)).entered()).toBe(4);
  });
});
