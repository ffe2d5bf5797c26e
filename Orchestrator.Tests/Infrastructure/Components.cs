namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// Real programs that a test runs against. Where one is missing its tests skip themselves, but with
/// <c>ORCHESTRATOR_REQUIRE_COMPONENTS=1</c>, as in CI, that is a failure.
/// </summary>
internal static class Components
{
    /// <summary>The path of an installed program, the first of these that there is.</summary>
    public static string Require(params string[] programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var path = programs.SelectMany(_ => folders, (program, folder) => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Missing($"{programs[^1]} is not installed.");
        }

        return path!;
    }

    /// <summary>Skips the test, or fails it where nothing may be missing.</summary>
    public static void Missing(string why)
    {
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_REQUIRE_COMPONENTS") == "1")
        {
            Assert.Fail(why);
        }

        Assert.Skip(why);
    }
}
