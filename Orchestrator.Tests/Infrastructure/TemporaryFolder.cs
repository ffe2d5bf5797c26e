namespace Orchestrator.Tests.Infrastructure;

/// <summary>A folder of a test's own, removed with it. <see cref="Path"/> is not made yet.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("orchestrator-test-");

    public string Path => System.IO.Path.Combine(_root.FullName, "data");

    public void Dispose() => _root.Delete(recursive: true);
}
