import { strings } from '../strings/strings.ts';

/** Which key does it; nothing for who has none. */
export function KeyHint({ letter }: { letter: string }) {
  return (
    <kbd
      aria-hidden="true"
      className="hidden rounded border border-current/30 px-1 font-sans text-[0.6875rem] leading-4 sm:inline pointer-coarse:hidden"
    >
      {strings.conversation.key(letter)}
    </kbd>
  );
}
