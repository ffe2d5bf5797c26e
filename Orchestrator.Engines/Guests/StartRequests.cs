using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>The guest's requests to start something.</summary>
internal static class StartRequests
{
    private const string Shell = "if command -v bash >/dev/null; then exec bash -i -l; else exec sh -i; fi";

    // What the E2B SDKs send with a terminal.
    private static readonly Dictionary<string, string> TerminalEnvironment = new()
    {
        ["TERM"] = "xterm-256color",
        ["LANG"] = "C.UTF-8",
        ["LC_ALL"] = "C.UTF-8",
    };

    /// <summary>A command whose caller waits for its end.</summary>
    public static WireStartRequest Foreground(ExecRequest request) => Command(request) with
    {
        Foreground = true,
        Input = Encoding.UTF8.GetBytes(request.Stdin ?? ""),
        MaxOutputBytes = request.MaxOutputBytes,
    };

    /// <summary>A command that nobody waits for.</summary>
    public static WireStartRequest Background(ExecRequest request) => Command(request) with
    {
        Stdin = request.Stdin is null ? true : null,
        Input = request.Stdin is { } stdin ? Encoding.UTF8.GetBytes(stdin) : null,
    };

    /// <summary>A shell, or a shell's command, in a terminal.</summary>
    public static WireStartRequest Terminal(string? command, ScreenSize size) => new()
    {
        Process = new WireProcessConfig("/bin/sh", ["-c", command ?? Shell], TerminalEnvironment),
        Pty = Of(size),
    };

    /// <summary>A terminal's size.</summary>
    public static WirePty Of(ScreenSize size) => new(new WirePtySize(size.Columns, size.Rows));

    private static WireStartRequest Command(ExecRequest request) => new()
    {
        Process = request.Code is null
            ? new WireProcessConfig(request.Command[0], [.. request.Command.Skip(1)], request.Environment, request.WorkingDirectory)
            : new WireProcessConfig(null, null, request.Environment, request.WorkingDirectory),
        Code = request.Code is { } code ? new WireCodeConfig(code.Language, code.Text) : null,
    };
}
