import { Flame } from './parts/flame.tsx';
import { Button } from './parts/button.tsx';
import { strings } from './strings/strings.ts';

/** For a browser that the server does not know. */
export function LogInPage() {
  return (
    <main className="grid min-h-full place-items-center px-5 py-12">
      <div className="w-full max-w-md">
        <Flame className="size-12" />
        <h1 className="mt-6 text-2xl font-semibold tracking-tight">{strings.shell.logIn.title}</h1>
        <p className="mt-3 text-soft">{strings.shell.logIn.explanation}</p>
        <pre
          tabIndex={0}
          aria-label={strings.shell.logIn.command}
          className="mt-5 overflow-x-auto rounded-xl border border-line bg-sunken px-4 py-3 font-mono text-sm"
        >
          <span className="text-soft select-none">$ </span>hearth link
        </pre>
        <p className="mt-3 text-sm text-soft">
          {strings.shell.logIn.fromClone} <code className="font-mono">./bin/hearth link</code>.
        </p>
        <Button look="primary" className="mt-7" onClick={() => location.reload()}>
          {strings.shell.logIn.tryAgain}
        </Button>
      </div>
    </main>
  );
}
