import SqliteDatabase from 'better-sqlite3';

/** @returns stores events in a table of their own; they are on disk when it returns, as Hearth has them */
export function plainStore(file: string): (events: readonly string[]) => void {
  const db = new SqliteDatabase(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO events (body) VALUES (?)');
  return db.transaction((events: readonly string[]) => {
    for (const event of events) insert.run(event);
  });
}
