using System.Runtime.Versioning;
using Orchestrator.Guest.Images;

namespace Orchestrator.Tests.Guest;

/// <summary>The copy of the program that other images run.</summary>
[SupportedOSPlatform("linux")]
public sealed class InstallationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-install-");

    private static string Program => Path.GetFileName(Environment.ProcessPath!);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Into_EmptyFolder_HoldsTheProgramAlone()
    {
        Assert.Equal(0, Installation.Into(_folder.FullName));

        var file = Assert.Single(_folder.GetFiles());
        Assert.Equal((Program, new FileInfo(Environment.ProcessPath!).Length), (file.Name, file.Length));
        Assert.Equal("755", Convert.ToString((int)file.UnixFileMode, 8));
    }

    [Fact]
    public void Into_FolderThatHasIt_LeavesIt()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, Program), "there");

        Assert.Equal(0, Installation.Into(_folder.FullName));

        Assert.Equal("there", File.ReadAllText(Path.Combine(_folder.FullName, Program)));
    }

    [Fact]
    public void Into_FolderThatIsMissing_Fails() =>
        Assert.Equal(1, Installation.Into(Path.Combine(_folder.FullName, "missing")));
}
