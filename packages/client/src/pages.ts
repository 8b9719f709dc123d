interface Page<Item> {
  items: Item[];
  nextCursor?: string | undefined;
}

/** The items of all pages, read one page at a time as they are asked for. */
export async function* pagesOf<Item>(
  read: (page: { cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let page = await read({});
  yield* page.items;
  while (page.nextCursor !== undefined) {
    page = await read({ cursor: page.nextCursor });
    yield* page.items;
  }
}
