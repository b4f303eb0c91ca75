// Judges docs/asyncapi.yaml with AsyncAPI's own parser: exits 1 and names the place when it is not a valid document.
// usage: node scripts/lint-asyncapi.js PARSER_FOLDER DOCUMENT   (scripts/install-deps.sh --lint installs the parser)
const { readFileSync } = require("fs");
const path = require("path");

const INFORMATION = 2; // severities: 0 error, 1 warning, 2 information, 3 hint

async function main(folder, file) {
  const { Parser } = require(path.resolve(folder, "node_modules/@asyncapi/parser"));
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  const found = diagnostics.filter((diagnostic) => diagnostic.severity < INFORMATION);
  for (const { range, path: place, message } of found) {
    console.log(`${file}:${range.start.line + 1}: ${place.join(".")}: ${message}`);
  }
  return document !== undefined && found.length === 0;
}

main(...process.argv.slice(2)).then((isGood) => process.exit(isGood ? 0 : 1));
