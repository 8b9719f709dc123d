import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of a certificate authority and of what it signed, in a folder of their own. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-certificates-'));

  constructor() {
    this.#make('root', '/CN=an authority', []);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Makes `<name>.crt` and `<name>.key`. @param host whom the certificate is for */
  sign(name: string, subject: string, host?: string): void {
    const authority = ['-CA', this.path('root.crt'), '-CAkey', this.path('root.key')];
    this.#make(name, subject, [...authority, ...(host === undefined ? [] : ['-addext', `subjectAltName=DNS:${host}`])]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #make(name: string, subject: string, more: readonly string[]): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
    const files = ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', '-days', '2', '-subj', subject, ...key, ...files, ...more], {
      stdio: 'pipe',
    });
  }
}
