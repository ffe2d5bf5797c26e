using System.Globalization;

namespace Orchestrator.Guest.Supervision;

/// <summary>The user that code runs as.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Home">Its home, a folder it can write to.</param>
internal sealed record CodeUser(string Name, string Home)
{
    /// <summary>The name where the system has none.</summary>
    public const string DefaultName = "user";

    private const string Users = "/etc/passwd";
    private const int WriteAllowed = 2;
    private const int SearchAllowed = 1;
    private static readonly Lazy<CodeUser> Own = new(Find);

    /// <summary>This process's own user; the code's, in the agent.</summary>
    public static CodeUser Current => Own.Value;

    /// <summary>The name of a user; null where the system has none.</summary>
    public static string? NameOf(uint id) => EntryOf(id)?[0];

    private static CodeUser Find()
    {
        var entry = EntryOf(Posix.geteuid());
        string?[] homes =
        [
            Environment.GetEnvironmentVariable("HOME"), entry?[5], Environment.GetEnvironmentVariable(CommandEnvironment.Workspace),
        ];
        return new CodeUser(entry?[0] ?? DefaultName, Array.Find(homes, IsWritable) ?? "/tmp");
    }

    private static bool IsWritable(string? folder) =>
        folder is ['/', ..] && Directory.Exists(folder) && Posix.access(folder, WriteAllowed | SearchAllowed) == 0;

    /// <summary>The user's line: name, password, id, group, comment, home, shell.</summary>
    private static string[]? EntryOf(uint id)
    {
        try
        {
            var text = id.ToString(CultureInfo.InvariantCulture);
            return File.ReadLines(Users).Select(line => line.Split(':')).FirstOrDefault(parts => parts.Length >= 7 && parts[2] == text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
