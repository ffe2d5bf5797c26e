using System.Globalization;

namespace Orchestrator.Guest.Files;

/// <summary>The names of users and groups, as <c>/etc/passwd</c> and <c>/etc/group</c> have them now. Read once an operation.</summary>
internal sealed class UserNames
{
    private const int NumberAt = 2;

    private readonly Dictionary<uint, string> _users = Read("/etc/passwd");
    private readonly Dictionary<uint, string> _groups = Read("/etc/group");

    /// <summary>The name, or the number where there is none.</summary>
    public string User(uint id) => Name(_users, id);

    /// <inheritdoc cref="User"/>
    public string Group(uint id) => Name(_groups, id);

    private static string Name(Dictionary<uint, string> names, uint id) =>
        names.GetValueOrDefault(id) ?? id.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<uint, string> Read(string path)
    {
        var names = new Dictionary<uint, string>();
        try
        {
            // name:password:number:...
            foreach (var fields in File.ReadLines(path).Select(line => line.Split(':')))
            {
                if (fields.Length > NumberAt && uint.TryParse(fields[NumberAt], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    names.TryAdd(id, fields[0]);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then numbers have to do.
        }

        return names;
    }
}
