import type { ButtonHTMLAttributes } from 'react';

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** What it does, for those who see it and those who hear it. */
  label: string;
}

/** A small button that is only an icon. */
export function IconButton({ label, className = '', ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`grid size-7 shrink-0 place-items-center rounded-md text-soft transition-colors hover:bg-sunken hover:text-ink disabled:opacity-40 pointer-coarse:size-9 ${className}`}
      {...rest}
    />
  );
}
