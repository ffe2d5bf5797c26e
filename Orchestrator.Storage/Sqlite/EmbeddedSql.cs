namespace Orchestrator.Storage.Sqlite;

/// <summary>Statements in files of their own, embedded in this assembly.</summary>
internal static class EmbeddedSql
{
    /// <summary>Reads a file that lies beside a type.</summary>
    public static string Read(Type beside, string name)
    {
        using var stream = beside.Assembly.GetManifestResourceStream(beside, name)
            ?? throw new InvalidOperationException($"The file {name} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
