import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reply } from '@hearth/testkit';
import type { Reply, RequestScript } from '@hearth/testkit';

export const OPENING = 'Which parts does this shop have?';

export const TASK = 'The total of the cart is wrong as soon as there is a discount. Find out why, and fix it.';

const CART = `export function total(items, discount = 0) {
  const sum = items.reduce((all, item) => all + item.price, 0);
  return sum - discount;
}
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { total } from './cart.js';

test('adds up', () => assert.equal(total([{ price: 20 }, { price: 30 }]), 50));
test('takes ten percent off', () => assert.equal(total([{ price: 20 }, { price: 30 }], 0.1), 45));
`;

/** A small project with a bug in it. */
export function layOutProject(workspace: string): string {
  const folder = join(workspace, 'shop');
  mkdirSync(folder);
  for (const name of ['website', 'infra', 'billing']) mkdirSync(join(workspace, name));
  writeFileSync(join(folder, 'package.json'), '{ "name": "shop", "type": "module" }\n');
  writeFileSync(join(folder, 'cart.js'), CART);
  writeFileSync(join(folder, 'cart.test.js'), TEST);
  return folder;
}

const PARTS = 'Two so far: `cart.js`, which adds up a cart, and its tests in `cart.test.js`. There is no checkout yet.';

const ANSWER = `The total was wrong because \`discount\` is a **fraction**, and \`total()\` subtracted it as an amount of money: 10 % off took ten cents off.

\`\`\`js
return sum * (1 - discount);
\`\`\`

Both tests pass now:

| Cart | Discount | Before | Now |
| --- | --- | --- | --- |
| 20 + 30 | none | 50.00 | 50.00 |
| 20 + 30 | 10 % | 49.90 | **45.00** |

One thing to decide: nothing stops a discount above 1, which would make the total negative. I would rather reject it in \`total()\` than in each caller, because a second caller would forget it.
`;

/** The parts of the model in the picture: it looks, runs the tests, mends the bug, and says what it was. */
function partsFor(folder: string): readonly Reply[] {
  const path = join(folder, 'cart.js');
  return [
    reply().text(PARTS),
    reply()
      .thinking('The discount is the suspect. First the code, then the tests, so that I see it fail.')
      .text('I will look at the code and let the tests show the failure first.')
      .tool('Read', { file_path: path })
      .tool('Bash', { command: 'node --test', description: 'Run the tests' }),
    reply().text('There it is: the discount is a fraction (`0.1`), but it is subtracted like money.').tool('Edit', {
      file_path: path,
      old_string: '  return sum - discount;',
      new_string: '  return sum * (1 - discount);',
    }),
    reply().tool('Bash', { command: 'node --test --test-reporter=dot', description: 'Run the tests again' }),
    reply().text(ANSWER),
  ];
}

/** Other sessions, so that the list is not empty: what was asked, where, and what the model does. */
export const OTHERS = [
  { cwd: 'website', prompt: 'Upgrade to React 19 and list what breaks', answer: reply().text('Nothing breaks.') },
  { cwd: 'billing', prompt: 'Write the release notes for 2.4', answer: reply().text('# 2.4').stall('forever') },
  {
    cwd: 'infra',
    prompt: 'Why is the nightly build red?',
    answer: reply().tool('Bash', { command: 'npm ci && npm run build', description: 'Build as the night does' }),
  },
] as const;

/** A script by code, so that the prompts in the picture read as a person writes them. */
export function sceneScript(folder: string): RequestScript {
  const parts = [...partsFor(folder)];
  return ({ isSideRequest, lastUserText }) => {
    if (isSideRequest) return undefined;
    const other = OTHERS.find(({ prompt }) => prompt === lastUserText);
    return other === undefined ? parts.shift() : other.answer;
  };
}
