/** HTML 4.0 chapters 7-11 (but section 4 of 9) and 15, links and images: FHIR R4, narrative.html. */
// prettier-ignore
const ELEMENTS: ReadonlySet<string> = new Set([
  'a', 'abbr', 'acronym', 'address', 'b', 'bdo', 'big', 'blockquote', 'br', 'caption', 'cite', 'code', 'col', 'colgroup', 'dd', 'del', 'dfn',
  'div', 'dl', 'dt', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img', 'ins', 'kbd', 'li', 'ol', 'p', 'pre', 'q', 's', 'samp', 'small',
  'span', 'strike', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'tt', 'u', 'ul', 'var',
]);
const TAG = /<\/?([A-Za-z][\w:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g;
const LINK = /(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;

/** What makes a narrative unsafe to show; undefined when nothing does. */
export function narrativeProblem(div: string): string | undefined {
  if (!/^\s*<div[\s>]/.test(div)) return 'a narrative is one div';
  if (/<[!?]/.test(div)) return 'a narrative holds no declarations';
  for (const [, name = '', attributes = ''] of div.matchAll(TAG)) {
    if (!ELEMENTS.has(name.toLowerCase())) return 'a narrative holds only formatting elements';
    if (/\son\w+\s*=/i.test(attributes)) return 'a narrative holds no scripts';
    for (const [, double, single] of attributes.matchAll(LINK)) {
      if (/^\s*(?:javascript|vbscript|data):/i.test(double ?? single ?? ''))
        return 'a narrative holds no scripts';
    }
  }
  return div.replaceAll(TAG, '').includes('<') ? 'a narrative is well-formed' : undefined;
}
