// Adds up vitest's JSON reports and prints one line, `N passed, N failed`.
// usage: test-summary.mjs EXIT_CODE REPORT...: a run that failed never counts less than one failure.
import { existsSync, readFileSync } from 'node:fs';

const [exitCode, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const path of reports) {
  if (!existsSync(path)) continue;
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  failed += report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
}
if (exitCode !== '0' && failed === 0) failed = 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
