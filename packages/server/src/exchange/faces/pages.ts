import type { GrantNode } from '@healthchain/contracts';

const PAGE_SIZE = 500;
/** Nodes read of one list: more would be no list that a person reads. */
const MAX_NODES = 5_000;

export async function allPages(
  page: (paging: { readonly bookmark?: string; readonly pageSize: number }) => Promise<{
    readonly rows: readonly GrantNode[];
    readonly bookmark?: string;
  }>,
): Promise<readonly GrantNode[]> {
  const rows: GrantNode[] = [];
  let bookmark: string | undefined;
  do {
    const next = await page({ pageSize: PAGE_SIZE, ...(bookmark === undefined ? {} : { bookmark }) });
    rows.push(...next.rows);
    bookmark = next.bookmark;
  } while (bookmark !== undefined && rows.length < MAX_NODES);
  return rows;
}
