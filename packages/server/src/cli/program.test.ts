import { describe, expect, test } from 'vitest';
import { createProgram } from './program.ts';

async function help(...names: string[]): Promise<string> {
  let command = await createProgram(names);
  for (const name of names) command = command.commands.find((each) => each.name() === name) ?? command;
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 }).outputHelp();
  return text;
}

describe('the help', () => {
  test('of the program names every command', async () => {
    expect(await help()).toMatchSnapshot('program');
  });

  test('of every command shows its flags and how it is used', async () => {
    const names = [
      ...['serve', 'demo', 'run', 'attach', 'sessions', 'tokens', 'accounts', 'usage', 'link'].map((name) => [name]),
      ...['backup', 'restore', 'restored', 'migrate-to', 'migrate-from', 'conformance', 'doctor'].map((name) => [name]),
      ['sessions', 'list'],
      ['sessions', 'export'],
      ['sessions', 'rewind'],
      ['tokens', 'create'],
      ['accounts', 'add'],
      ['accounts', 'set'],
      ['accounts', 'export'],
    ];
    const texts = await Promise.all(names.map((path) => help(...path)));
    expect(texts.join('\n')).toMatchSnapshot('commands');
  });
});

describe('arguments that are wrong', () => {
  async function complaint(...args: string[]): Promise<string> {
    const program = await createProgram(args);
    let text = '';
    for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
      command.exitOverride().configureOutput({ writeErr: (part) => (text += part) });
    }
    await expect(program.parseAsync(args, { from: 'user' })).rejects.toMatchObject({ exitCode: 1 });
    return text;
  }

  test('get the nearest right one', async () => {
    expect(await complaint('srve')).toContain('Did you mean serve?');
    expect(await complaint('help', 'srve')).toContain("unknown command 'srve'\n(Did you mean serve?)");
    expect(await complaint('serve', '--prot', '1')).toContain('Did you mean --port?');
    expect(await complaint('sessions', 'lst')).toContain('Did you mean list?');
    expect(await complaint('run', '--permission-mode', 'yolo', 'x')).toContain('Allowed choices are default');
  });

  test.each(['x', '0', '-5', '1.5', '', '9'.repeat(20)])('are told of a number %j that cannot be', async (value) => {
    expect(await complaint('sessions', 'list', '--limit', value)).toContain('a whole number from 1.');
  });

  test.each(['x', '-1'])('are told of a place in the log %j that cannot be', async (value) => {
    expect(await complaint('attach', 'ID', '--after', value)).toContain('a whole number from 0.');
  });
});
