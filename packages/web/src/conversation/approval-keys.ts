import { useEffect, useRef } from 'react';

/** By the key that is pressed together with Alt, as in `KeyboardEvent.code` without its `Key` or `Digit`. */
export type ApprovalKeys = Readonly<Record<string, (() => void) | undefined>>;

/** Alt and a letter answer from wherever the cursor is, and are nothing that one types by accident. */
export function useApprovalKeys(isActive: boolean, keys: ApprovalKeys): void {
  const newest = useRef(keys);
  useEffect(() => {
    newest.current = keys;
  });
  useEffect(() => {
    if (!isActive) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
      const act = newest.current[event.code.replace(/^(Key|Digit)/, '')];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [isActive]);
}
