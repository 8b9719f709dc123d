/** The languages that are coloured. */
const LANGUAGES = [
  'bash',
  'c',
  'cpp',
  'csharp',
  'css',
  'diff',
  'docker',
  'elixir',
  'go',
  'graphql',
  'hcl',
  'html',
  'ini',
  'java',
  'javascript',
  'json',
  'jsx',
  'kotlin',
  'lua',
  'make',
  'markdown',
  'nix',
  'php',
  'python',
  'ruby',
  'rust',
  'scala',
  'scss',
  'sql',
  'svelte',
  'swift',
  'toml',
  'tsx',
  'typescript',
  'vue',
  'xml',
  'yaml',
  'zig',
] as const;

export type Language = (typeof LANGUAGES)[number];

const known = new Map<string, Language>(LANGUAGES.map((name) => [name, name]));

const aliases = new Map<string, Language>(
  Object.entries({
    sh: 'bash',
    shell: 'bash',
    zsh: 'bash',
    console: 'bash',
    h: 'c',
    cc: 'cpp',
    'c++': 'cpp',
    hpp: 'cpp',
    cs: 'csharp',
    patch: 'diff',
    dockerfile: 'docker',
    ex: 'elixir',
    exs: 'elixir',
    golang: 'go',
    gql: 'graphql',
    tf: 'hcl',
    htm: 'html',
    conf: 'ini',
    js: 'javascript',
    mjs: 'javascript',
    cjs: 'javascript',
    jsonc: 'json',
    jsonl: 'json',
    kt: 'kotlin',
    makefile: 'make',
    md: 'markdown',
    py: 'python',
    rb: 'ruby',
    rs: 'rust',
    sass: 'scss',
    ts: 'typescript',
    mts: 'typescript',
    cts: 'typescript',
    svg: 'xml',
    yml: 'yaml',
  } as const),
);

/** The language by what stands after a code fence or at the end of a file's name. */
export function languageOf(name: string): Language | undefined {
  const lower = name.toLowerCase();
  return known.get(lower) ?? aliases.get(lower);
}

/** What `languageOf` takes, of a path. */
export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.slice(name.lastIndexOf('.') + 1);
}
