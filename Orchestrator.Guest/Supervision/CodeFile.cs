using System.Text;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Writes code to a file to run it from: so multiprocessing, tracebacks and ES modules work, and standard input
/// is the code's own. The file's folder is removed at the end.</summary>
internal sealed class CodeFile : IDisposable
{
    private const string Prefix = ".run-";
    private readonly string _folder;

    private CodeFile(ProcessRequest request, CodeText code)
    {
        var text = code.Text.TrimStart('\ufeff');
        var name = code.Language switch
        {
            "python" => "main.py",
            "bash" => "main.sh",
            _ => ModuleSyntax.IsModule(text) ? "main.mjs" : "main.cjs",
        };
        var cwd = WorkingFolder.Of(request.Cwd);
        _folder = MakeFolder(code.Language == "javascript" ? cwd : null);
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, code.Language == "bash" ? text.Replace("\r\n", "\n", StringComparison.Ordinal) : text, new UTF8Encoding(false));
        var environment = new Dictionary<string, string>(request.Env ?? new Dictionary<string, string>());
        if (code.Language == "python")
        {
            // Python looks for modules beside the program; the session's are where the program works.
            environment["PYTHONPATH"] = environment.TryGetValue("PYTHONPATH", out var paths) ? $"{cwd}:{paths}" : cwd;
        }

        string[] command = code.Language switch
        {
            "python" => ["python3", "-u", path],
            "bash" => ["bash", path],
            _ => ["node", path],
        };
        Request = request with { Code = null, Command = command, Env = environment };
    }

    /// <summary>The request with a command that runs the file.</summary>
    public ProcessRequest Request { get; }

    /// <summary>The file of a request's code; null when it has none.</summary>
    public static CodeFile? Of(ProcessRequest request) => request.Code is { } code ? new CodeFile(request, code) : null;

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The code's own doing; the workspace is its own.
        }
    }

    /// <summary>A folder of its own: in the given one, where Node.js then finds the session's packages, or, when that is not
    /// writable, where temporary ones are.</summary>
    private static string MakeFolder(string? beside)
    {
        if (beside is not null)
        {
            var folder = Path.Combine(beside, Prefix + Guid.NewGuid().ToString("N")[..12]);
            try
            {
                Directory.CreateDirectory(folder);
                return folder;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Then elsewhere.
            }
        }

        return Directory.CreateTempSubdirectory(Prefix).FullName;
    }
}
