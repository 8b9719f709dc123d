import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { usePageTitle } from '../attention/page-title.ts';
import { strings } from '../strings/strings.ts';
import { Link } from './link.tsx';

/** A page beside the list that is no conversation. */
export function PageFrame({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  usePageTitle(title);
  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-5 pb-16 sm:px-8 sm:py-8">
        <Link
          href="/"
          className="mb-4 inline-flex items-center gap-1.5 rounded-lg text-sm text-soft hover:text-ink md:hidden"
        >
          <ArrowLeft className="size-4 rtl:rotate-180" aria-hidden="true" /> {strings.sessions.title}
        </Link>
        <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
          <h1 className="text-[1.625rem] leading-tight font-semibold tracking-tight">{title}</h1>
          {aside}
        </div>
        {children}
      </div>
    </main>
  );
}

/** A part of such a page with a head of its own. */
export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="mt-8">
      <h2 className="text-base font-semibold">{title}</h2>
      {hint !== undefined && <p className="mt-0.5 max-w-2xl text-sm text-soft">{hint}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}

/** What stands where nothing is yet. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="rounded-2xl border border-dashed border-line-strong px-6 py-10 text-center">
      <p className="font-medium">{title}</p>
      {hint !== undefined && <p className="mx-auto mt-1 max-w-md text-sm text-soft">{hint}</p>}
      {children}
    </div>
  );
}
