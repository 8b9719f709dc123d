import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: its manifest, and beside it the web UI. The same for sources, build and bundle. */
export const PACKAGE_ROOT: string = nearestManifest(dirname(fileURLToPath(import.meta.url)));

function nearestManifest(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : nearestManifest(dirname(folder));
}
