/** The mark of Hearth. */
export function Flame({ className = 'size-7' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#b4410e" />
      <path
        d="M16.6 5.5c.6 3.6-1 5.4-2.8 7.4-2 2.2-4.1 4.5-4.1 7.9 0 3.8 2.9 6.2 6.5 6.2s6.4-2.5 6.4-6.2c0-2.6-1.2-4.6-2.4-6-.2 1.4-.8 2.3-1.7 3 .3-4.7-.4-9.2-1.9-12.3z"
        fill="#ffd9b8"
      />
    </svg>
  );
}
