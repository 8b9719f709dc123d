/** Splits a text into the blocks that are drawn each by itself; together they are the text. */
export type SplitBlocks = (text: string) => string[];

/** What binds blocks that are far from each other, so that a text with it has to be split as a whole. */
const FAR_REACHING = /<|\$\$|\[\^|^ {0,3}\[[^\]]+\]:/m;

/** How many blocks before the end may still become others by what follows. */
const UNSURE = 4;

/**
 * Splits a text that grows: what was split before is not looked at again, but for the last blocks, so that the cost of a
 * token does not depend on how long the answer is already.
 */
export function splitGrowing(split: SplitBlocks): SplitBlocks {
  let before: string[] = [];
  return (text) => {
    const sure = FAR_REACHING.test(text) ? [] : commonBlocks(before, text);
    const done = sure.slice(0, Math.max(0, sure.length - UNSURE));
    const rest = text.slice(done.reduce((sum, block) => sum + block.length, 0));
    before = [...done, ...split(rest)];
    return before;
  };
}

/** The blocks that the text begins with. */
function commonBlocks(blocks: readonly string[], text: string): string[] {
  let at = 0;
  const common: string[] = [];
  for (const block of blocks) {
    if (!text.startsWith(block, at)) break;
    at += block.length;
    common.push(block);
  }
  return common;
}
