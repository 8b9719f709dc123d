import type { ButtonHTMLAttributes } from 'react';

const LOOKS = {
  primary: 'bg-ember text-on-ember hover:bg-ember-strong',
  quiet: 'border border-line bg-panel hover:border-line-strong hover:bg-sunken',
  danger: 'border border-line bg-panel text-bad hover:border-bad hover:bg-bad-soft',
  bare: 'text-soft hover:bg-sunken hover:text-ink',
} as const;

const SIZES = {
  normal: 'h-9 gap-2 px-3.5 text-sm',
  small: 'h-8 gap-1.5 px-2.5 text-[0.8125rem]',
  icon: 'size-9',
} as const;

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
}

export function Button({ look = 'quiet', size = 'normal', className = '', type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={`inline-flex shrink-0 items-center justify-center rounded-lg font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-55 ${LOOKS[look]} ${SIZES[size]} ${className}`}
      {...rest}
    />
  );
}
