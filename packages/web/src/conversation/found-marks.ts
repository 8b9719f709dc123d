import { useEffect } from 'react';

const NAME = 'found';
const MAX_MARKS = 500;

/** Marks the words wherever they are on the page, without touching the page's elements. */
export function useFoundMarks(within: () => HTMLElement | null, sought: string): void {
  useEffect(() => {
    const box = within();
    const needle = sought.trim().toLocaleLowerCase();
    if (box === null || needle === '' || !('highlights' in CSS)) return undefined;
    const mark = (): void => {
      CSS.highlights.set(NAME, new Highlight(...rangesOf(box, needle)));
    };
    mark();
    const changed = new MutationObserver(mark);
    changed.observe(box, { childList: true, subtree: true, characterData: true });
    return () => {
      changed.disconnect();
      CSS.highlights.delete(NAME);
    };
  }, [within, sought]);
}

function rangesOf(box: HTMLElement, needle: string): Range[] {
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null && ranges.length < MAX_MARKS; node = walker.nextNode()) {
    const text = (node.nodeValue ?? '').toLocaleLowerCase();
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      // Lower case may be longer than what stands there.
      if (at + needle.length > (node.nodeValue ?? '').length) break;
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + needle.length);
      ranges.push(range);
    }
  }
  return ranges;
}
