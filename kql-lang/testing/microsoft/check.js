// Parses and binds queries with Microsoft's language service.
//
// Usage: node check.js FOLDER, where FOLDER contains node_modules. Standard input is JSON:
//   { "tables": { "T": "(a: long, b: string)" }, "queries": [{ "id": "x", "text": "T | count", "open": ["U"] }] }
// The tables in `open` are accepted in this query, with any columns.
// Standard output is a JSON array in the same order: { id, errors: [{ code, message, text }], columns: [{ name, type }] }.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

// The service is built for browsers: its two scripts must run in the global scope, in this order.
const folder = path.join(process.argv[2], "node_modules/@kusto/language-service-next");
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(folder, file), "utf8"), { filename: file });
}

const { Language } = Kusto;
const { Symbols } = Language;

function list(of) {
  const items = [];
  for (let at = 0; of && at < System.Array.getCount(of); at++) items.push(System.Array.getItem(of, at));
  return items;
}

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const tables = Object.entries(input.tables).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, columns, null));
const globalsFor = (open) => {
  const extra = open.map((name) => new Symbols.TableSymbol.$ctor7(name, "()", null).WithIsOpen(true));
  const database = new Symbols.DatabaseSymbol.$ctor3("telemetry", null, [...tables, ...extra], false);
  const cluster = new Symbols.ClusterSymbol.$ctor1("here", [database], false);
  return Language.GlobalState.Default.WithCluster(cluster).WithDatabase(database);
};
const closed = globalsFor([]);

const answers = input.queries.map(({ id, text, open }) => {
  const globals = open && open.length ? globalsFor(open) : closed;
  const code = Language.KustoCode.ParseAndAnalyze(text, globals);
  const errors = list(code.GetDiagnostics())
    .filter((one) => one.Severity === "Error")
    .map((one) => ({ code: one.Code, message: one.Message, text: text.slice(one.Start, one.End) }));
  const columns = list(code.ResultType && code.ResultType.Columns).map((column) => ({
    name: column.Name,
    type: Symbols.SchemaDisplay.GetText(column.Type),
  }));
  return { id, errors, columns };
});
process.stdout.write(JSON.stringify(answers));
