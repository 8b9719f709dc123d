import { InvalidArgumentError } from 'commander';

/** Reads an option's value; one that is no such number is refused as any other wrong usage is. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`Allowed is a whole number from ${min}.`);
  };
}
