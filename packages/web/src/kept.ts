/**
 * A value that this browser keeps, the same in all its tabs. Where storage is refused (a private window) it lives as long
 * as the page.
 */
export interface Kept<Value> {
  get(): Value;
  set(value: Value): void;
  /** Calls the listener when the value changed, also in another tab. Returns what ends that. */
  subscribe(listener: () => void): () => void;
}

/** @param read makes the value of what was stored, or of null; whatever another version left must not break it */
export function kept<Value>(key: string, read: (stored: unknown) => Value): Kept<Value> {
  const listeners = new Set<() => void>();
  let value: Value | undefined;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  addEventListener('storage', (event) => {
    if (event.key !== key && event.key !== null) return;
    value = undefined;
    tell();
  });
  return {
    get() {
      value ??= read(stored(key));
      return value;
    },
    set(next) {
      value = next;
      try {
        localStorage.setItem(key, typeof next === 'string' ? next : JSON.stringify(next));
      } catch {
        // Refused or full: what was set holds for this page.
      }
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function stored(key: string): unknown {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : parsed(text);
  } catch {
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
