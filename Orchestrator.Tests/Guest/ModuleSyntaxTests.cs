using Orchestrator.Guest.Supervision;

namespace Orchestrator.Tests.Guest;

public sealed class ModuleSyntaxTests
{
    [Theory]
    [InlineData("import fs from 'fs'")]
    [InlineData("import * as fs from \"fs\";")]
    [InlineData("import { a,\n b } from 'x'")]
    [InlineData("import 'x'")]
    [InlineData("const a = 1\nexport default a")]
    [InlineData("console.log(import.meta.url)")]
    [InlineData("await fetch('x')")]
    [InlineData("if (true) { await x }")]
    [InlineData("for await (const x of y) { }")]
    [InlineData("async function f() { await a }\nawait f()")]
    public void IsModule_Module_IsSeen(string text) => Assert.True(ModuleSyntax.IsModule(text));

    [Theory]
    [InlineData("")]
    [InlineData("console.log(1)")]
    [InlineData("const fs = require('fs'); (async () => { await fs })()")]
    [InlineData("// import x from 'y'\nconsole.log(1)")]
    [InlineData("console.log(`\nimport x from 'y'\n`)")]
    [InlineData("console.log('await x')")]
    [InlineData("async function f(a = (1)) { if (a) { await a } }")]
    [InlineData("const f = async x => await x")]
    [InlineData("class A { async m() { await 1 } }")]
    [InlineData("import('x').then(console.log)")]
    [InlineData("module.exports = 1")]
    public void IsModule_Script_IsNone(string text) => Assert.False(ModuleSyntax.IsModule(text));
}
