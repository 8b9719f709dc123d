/** µs since 1970, the same in every process of this machine. */
export function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Looks again every `everyMs` until the condition holds. @throws Error that names it, after `timeoutMs` */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, everyMs = 5 } = {},
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`in ${timeoutMs} ms it did not come to this: ${what}`);
    await delay(everyMs);
  }
}
