using System.Text.RegularExpressions;

namespace Orchestrator.Guest.Supervision;

/// <summary>Tells JavaScript modules from scripts by what only modules may hold, as Node.js itself does from version 22 on.</summary>
internal static partial class ModuleSyntax
{
    /// <summary>Whether the text imports, exports or awaits at its top level, and is no script by what only scripts have.</summary>
    public static bool IsModule(string text)
    {
        // Strings and comments may hold anything; what is left of them is empty.
        var code = Quoted().Replace(text, match => match.Value[0] == '/' ? " " : "''");
        return ImportOrExport().IsMatch(code) || (!Script().IsMatch(code) && AwaitsAtTopLevel(code));
    }

    private static bool AwaitsAtTopLevel(string code)
    {
        // Whether each open brace, from the outermost on, begins a function's body.
        var open = new Stack<bool>();
        foreach (var match in Token().EnumerateMatches(code))
        {
            switch (code[match.Index])
            {
                case '{':
                    open.Push(FunctionHead().IsMatch(code.AsSpan(0, match.Index)[^Math.Min(match.Index, 300)..]));
                    break;
                case '}':
                    open.TryPop(out _);
                    break;
                default:
                    if (!open.Contains(true) && !ArrowBefore(code, match.Index))
                    {
                        return true;
                    }

                    break;
            }
        }

        return false;
    }

    /// <summary>Whether an arrow function without braces begins earlier in the line.</summary>
    private static bool ArrowBefore(string code, int index)
    {
        var line = code.AsSpan(0, index);
        return line[(line.LastIndexOf('\n') + 1)..].Contains("=>", StringComparison.Ordinal);
    }

    [GeneratedRegex("""/\*[\s\S]*?\*/|//[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`""")]
    private static partial Regex Quoted();

    [GeneratedRegex("""^\s*(?:import\s*(?:''|[\w$*{][^;]*?\bfrom\s*''|[{*])|export\s+(?:default|const|let|var|function|class|async|\{|\*))|\bimport\.meta\b""", RegexOptions.Multiline)]
    private static partial Regex ImportOrExport();

    [GeneratedRegex("""\brequire\s*\(|\bmodule\.exports\b|\bexports\.|\b__(?:dirname|filename)\b""")]
    private static partial Regex Script();

    [GeneratedRegex("""[{}]|\bawait\b""")]
    private static partial Regex Token();

    // "=> {", "function name(…) {" and "name(…) {", but none of the statements that look like it.
    [GeneratedRegex("""=>\s*$|(?<!\b(?:if|for|while|switch|catch|with|await)\s*)(?:\([^()]*(?:\([^()]*\)[^()]*)*\))\s*$""")]
    private static partial Regex FunctionHead();
}
