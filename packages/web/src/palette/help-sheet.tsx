import { closeOverlay } from '../overlays.ts';
import { Modal } from '../parts/modal.tsx';
import { strings } from '../strings/strings.ts';
import { COMMANDS, IS_MAC, keyText } from './commands.ts';

const words = strings.commands;
const GROUPS = ['everywhere', 'list', 'session'] as const;

/** Every key and what it does. */
export function HelpSheet() {
  return (
    <Modal title={words.help} close={closeOverlay} wide>
      <div
        className="grid gap-x-8 overflow-y-auto px-5 pb-4 sm:grid-cols-2"
        tabIndex={0}
        role="region"
        aria-label={words.help}
      >
        {GROUPS.map((group) => (
          <section key={group} className="mb-4">
            <h3 className="mb-1 text-xs font-semibold text-soft">{words.groups[group]}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group).map(({ name, keys }) => (
                <div key={name} className="flex items-center gap-3 border-b border-line py-1.5 text-sm last:border-0">
                  <dt className="min-w-0 flex-1">{words.names[name]}</dt>
                  <dd>
                    <kbd className="rounded border border-line-strong bg-sunken px-1.5 py-px font-mono text-xs">
                      {keyText(keys, IS_MAC)}
                    </kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="border-t border-line px-5 py-3 text-xs text-soft">{words.helpHint}</p>
    </Modal>
  );
}
