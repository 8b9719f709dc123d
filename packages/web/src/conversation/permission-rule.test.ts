import { expect, test } from 'vitest';
import { ruleTexts } from './permission-rule.ts';

test('what would be allowed for the session is spelled out, whatever it is', () => {
  const rules = [{ toolName: 'Bash', ruleContent: 'npm test:*' }, { toolName: 'WebSearch' }];
  expect(ruleTexts([{ type: 'addRules', rules, behavior: 'allow', destination: 'localSettings' }])).toEqual([
    'Bash(npm test:*) is not asked again',
    'WebSearch is not asked again',
  ]);
  expect(ruleTexts([{ type: 'setMode', mode: 'acceptEdits' }])[0]).toContain('edits');
  expect(ruleTexts([{ type: 'addDirectories', directories: ['/tmp/x'] }])[0]).toContain('/tmp/x');
  expect(ruleTexts([{ type: 'unheardOf', everything: true }])[0]).toContain('everything');
});
