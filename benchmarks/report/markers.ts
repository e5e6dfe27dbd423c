/**
 * Replaces what stands between `<!-- bench:name -->` and `<!-- /bench:name -->` by the section of that name.
 * @throws TypeError for a place that has no section, or no end
 */
export function fill(page: string, sections: Readonly<Record<string, string>>): string {
  const begins = page.match(/<!-- bench:[\w-]+ -->/g)?.length ?? 0;
  let filled = 0;
  const result = page.replace(/<!-- bench:([\w-]+) -->[\s\S]*?<!-- \/bench:\1 -->/g, (_, name: string) => {
    const section = sections[name];
    if (section === undefined) throw new TypeError(`nothing is called "${name}" in a report`);
    filled++;
    return `<!-- bench:${name} -->\n\n${section.trim()}\n\n<!-- /bench:${name} -->`;
  });
  if (filled !== begins) throw new TypeError(`${begins} places begin, and ${filled} of them end`);
  return result;
}
