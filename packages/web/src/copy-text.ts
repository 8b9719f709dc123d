import { strings } from './strings/strings.ts';

/** Copies a text. Rejects, in words, where the browser does not allow that. */
export async function copyText(text: string): Promise<void> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard === undefined) copyByHand(text);
  else await clipboard.writeText(text);
}

/** On a page that came over plain HTTP from another machine there is no clipboard, but what is selected can be copied. */
function copyByHand(text: string): void {
  const before = document.activeElement;
  const area = Object.assign(document.createElement('textarea'), { value: text, className: 'sr-only' });
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!copied) throw new Error(strings.shell.cannotCopy);
}
