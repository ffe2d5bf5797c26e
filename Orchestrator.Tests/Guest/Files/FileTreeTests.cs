using System.Formats.Tar;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary><c>format=tar</c>: folders as archives, both ways.</summary>
[SupportedOSPlatform("linux")]
public sealed class FileTreeTests : IAsyncLifetime
{
    private GuestFiles _guest = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _guest = await GuestFiles.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task GetAndPut_Tree_KeepsFilesLinksModesTimesAndMetadata()
    {
        var script = _guest.Write("from/bin/run.sh", "echo");
        File.SetUnixFileMode(script, (UnixFileMode)0x1ed);
        _guest.Write("from/große datei", new string('x', 200_000));
        _guest.Write("from/empty", "");
        File.CreateSymbolicLink(_guest.At("from", "link"), "bin/run.sh");
        File.CreateSymbolicLink(_guest.At("from", "out"), "/etc");
        Assert.Equal(0, Libc.LinkAt(Libc.AT_FDCWD, PosixPath.Of(script), Libc.AT_FDCWD, PosixPath.Of(_guest.At("from", "hard"))));
        Directory.CreateDirectory(_guest.At("from", "locked"));
        _guest.Write("from/locked/inside", "in");
        File.SetLastWriteTimeUtc(script, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(_guest.At("from", "locked"), new DateTime(2002, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        File.SetUnixFileMode(_guest.At("from", "locked"), (UnixFileMode)0x16d);
        using var noted = await _guest.SendAsync(
            HttpMethod.Post, GuestFiles.Url(_guest.At("from", "noted")), new StringContent("n"), ("X-Metadata-Key", "value"));

        using var archive = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.At("from"), "&format=tar"), null);
        Assert.Equal("application/x-tar", archive.Content.Headers.ContentType?.MediaType);
        await PutAsync(await archive.Content.ReadAsByteArrayAsync(Cancelled), "to/new");

        Assert.Equal(Facts("from"), Facts("to/new"));
        Assert.Equal("in", await File.ReadAllTextAsync(_guest.At("to", "new", "locked", "inside"), Cancelled));
        Assert.Equal(new string('x', 200_000), await File.ReadAllTextAsync(_guest.At("to", "new", "große datei"), Cancelled));
        Assert.Equal(Inode("to/new/hard"), Inode("to/new/bin/run.sh"));
        Assert.NotEqual(Inode("from/hard"), Inode("to/new/hard"));
        Assert.Equal("value", ExtendedAttributes.Read(PosixPath.Of(_guest.At("to", "new", "noted")))?["key"]);
    }

    [Fact]
    public async Task Get_EmptyFolder_IsAnEmptyArchive()
    {
        using var response = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.Folder, "&format=tar"), null);
        using var reader = new TarReader(await response.Content.ReadAsStreamAsync(Cancelled));

        Assert.Null(await reader.GetNextEntryAsync(cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Put_NoBytes_MakesTheFolder()
    {
        await PutAsync([], "new");

        Assert.True(Directory.Exists(_guest.At("new")));
        Assert.Empty(Directory.GetFileSystemEntries(_guest.At("new")));
    }

    [Fact]
    public async Task Put_OverATree_MergesAndReplacesLinksUnfollowed()
    {
        var outside = _guest.Write("outside/file", "untouched");
        _guest.Write("to/dir/old", "old");
        _guest.Write("to/dir/both", "old");
        File.CreateSymbolicLink(_guest.At("to", "leads-out"), _guest.At("outside"));
        File.CreateSymbolicLink(_guest.At("to", "file"), outside);

        await PutAsync(Archive(("dir/both", "new"), ("leads-out/file", "new"), ("file", "new")), "to");

        Assert.Equal("untouched", await File.ReadAllTextAsync(outside, Cancelled));
        Assert.Equal("old", await File.ReadAllTextAsync(_guest.At("to", "dir", "old"), Cancelled));
        Assert.Equal("new", await File.ReadAllTextAsync(_guest.At("to", "dir", "both"), Cancelled));
        Assert.Equal("new", await File.ReadAllTextAsync(_guest.At("to", "leads-out", "file"), Cancelled));
        Assert.Null(new FileInfo(_guest.At("to", "file")).LinkTarget);
    }

    [Theory]
    [InlineData("../escaped")]
    [InlineData("a/../../escaped")]
    [InlineData("link/escaped")]
    [InlineData("file/below")]
    public async Task Put_EntryThatLeadsOut_Is400AndLeavesNothing(string name)
    {
        var archive = Archive(("before", "text"), ("link", "->.."), ("file", "text"), (name, "text"));

        var message = await RefusedAsync(archive, HttpStatusCode.BadRequest);

        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.False(File.Exists(_guest.At("escaped")));
        Assert.Empty(Directory.GetFileSystemEntries(_guest.At("to")));
    }

    [Fact]
    public async Task Put_HardLinkToWhatTheArchiveLacks_Is400()
    {
        var secret = _guest.Write("to/secret", "mine");
        _guest.Write("to/sub/x", "");

        await RefusedAsync(Archive(("a", "=>/etc/passwd")), HttpStatusCode.BadRequest);
        await RefusedAsync(Archive(("a", "=>secret")), HttpStatusCode.BadRequest);
        await RefusedAsync(Archive(("up", "->.."), ("a", "=>up/secret")), HttpStatusCode.BadRequest);
        await RefusedAsync(Archive(("a", "=>../to/secret")), HttpStatusCode.BadRequest);

        Assert.Equal("mine", await File.ReadAllTextAsync(secret, Cancelled));
        Assert.False(File.Exists(_guest.At("to", "a")));
    }

    [Fact]
    public async Task Put_AbsoluteNames_StayInTheFolder()
    {
        await PutAsync(Archive(("/etc/made-by-a-test", "text"), ("./x/./y", "text")), "to");

        Assert.True(File.Exists(_guest.At("to", "etc", "made-by-a-test")));
        Assert.True(File.Exists(_guest.At("to", "x", "y")));
    }

    [Fact]
    public async Task Put_BrokenArchive_Is400AndLeavesNothing()
    {
        var whole = Archive(("a", new string('x', 5000)), ("b", "text"));

        await RefusedAsync(whole[..2000], HttpStatusCode.BadRequest);
        await RefusedAsync(Encoding.ASCII.GetBytes(new string('n', 4000)), HttpStatusCode.BadRequest);

        Assert.Empty(Directory.GetFileSystemEntries(_guest.At("to")));
    }

    [Fact]
    public async Task Put_FolderInTheWayOfAFile_Is400AndKeepsTheFolder()
    {
        _guest.Write("to/a/inside", "text");

        await RefusedAsync(Archive(("a", "text")), HttpStatusCode.BadRequest);

        Assert.Equal(["a"], Directory.GetFileSystemEntries(_guest.At("to")).Select(Path.GetFileName));
        Assert.True(File.Exists(_guest.At("to", "a", "inside")));
    }

    [Fact]
    public async Task Put_ThatDoesNotFit_Is507AndLeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", Component.Root.Reason("the test mounts a small disk"));
        Directory.CreateDirectory(_guest.At("to"));
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _guest.At("to")) == 0, Component.Mounts.Reason("mount fails"));
        try
        {
            _guest.Write("to/a", "the old text");

            await RefusedAsync(Archive(("a", "new"), ("b/c", new string('x', 2 << 20)), ("d", new string('x', 2 << 20))), HttpStatusCode.InsufficientStorage);

            Assert.Equal([_guest.At("to", "a")], Directory.GetFileSystemEntries(_guest.At("to")));
            Assert.Equal("the old text", await File.ReadAllTextAsync(_guest.At("to", "a"), Cancelled));
        }
        finally
        {
            await RunAsync("umount", "-l", _guest.At("to"));
        }
    }

    [Fact]
    public async Task Get_NameThatIsNoText_IsArchivedWithReplacements()
    {
        Directory.CreateDirectory(_guest.At("from"));
        var odd = PosixPath.Of(_guest.At("from")) / new PosixPath([(byte)'n', 0xfe]);
        Libc.MakeDirectoryAt(Libc.AT_FDCWD, odd, 0x1ed);
        await File.WriteAllTextAsync(_guest.At("inside"), "text", Cancelled);
        Libc.RenameAt(Libc.AT_FDCWD, PosixPath.Of(_guest.At("inside")), Libc.AT_FDCWD, odd / PosixPath.Of("inside"));

        using var response = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.At("from"), "&format=tar"), null);
        await PutAsync(await response.Content.ReadAsByteArrayAsync(Cancelled), "to");
        await _guest.CallAsync("Remove", new { path = _guest.At("from") });

        Assert.Equal("text", await File.ReadAllTextAsync(_guest.At("to", "n\ufffd", "inside"), Cancelled));
    }

    [Fact]
    public async Task Put_LongRunsOfZeros_BecomeHoles()
    {
        await using (var file = File.Create(_guest.At("sparse")))
        {
            file.Write("head"u8);
            file.SetLength(64 << 20);
            file.Seek(0, SeekOrigin.End);
            file.Write("tail"u8);
        }

        Directory.CreateDirectory(_guest.At("from"));
        File.Move(_guest.At("sparse"), _guest.At("from", "sparse"));
        using var response = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.At("from"), "&format=tar"), null);
        using var written = await _guest.SendAsync(
            HttpMethod.Put, GuestFiles.Url(_guest.At("to"), "&format=tar"), new StreamContent(await response.Content.ReadAsStreamAsync(Cancelled)));

        Assert.Equal(HttpStatusCode.NoContent, written.StatusCode);
        Assert.Equal((64 << 20) + 4, new FileInfo(_guest.At("to", "sparse")).Length);
        Assert.Equal(await File.ReadAllBytesAsync(_guest.At("from", "sparse"), Cancelled), await File.ReadAllBytesAsync(_guest.At("to", "sparse"), Cancelled));
        using var du = Subprocess.Start(new System.Diagnostics.ProcessStartInfo("du", ["-k", _guest.At("to", "sparse")]) { RedirectStandardOutput = true });
        Assert.InRange(int.Parse((await du.StandardOutput.ReadToEndAsync(Cancelled)).Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture), 4, 2048);
    }

    [Fact]
    public async Task Get_FileThatIsNoFolder_Is400()
    {
        using var response = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.Write("a", ""), "&format=tar"), null);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    /// <summary>An archive; a text <c>->x</c> is a symbolic link to x, <c>=>x</c> a hard one.</summary>
    private static byte[] Archive(params (string Name, string Text)[] entries)
    {
        var bytes = new MemoryStream();
        using (var archive = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                var type = text.StartsWith("->", StringComparison.Ordinal) ? TarEntryType.SymbolicLink
                    : text.StartsWith("=>", StringComparison.Ordinal) ? TarEntryType.HardLink
                    : TarEntryType.RegularFile;
                var entry = new PaxTarEntry(type, name);
                if (type == TarEntryType.RegularFile)
                {
                    entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text));
                }
                else
                {
                    entry.LinkName = text[2..];
                }

                archive.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Subprocess.Start(program, arguments);
        await process.WaitForExitAsync(Cancelled);
        return process.ExitCode;
    }

    private async Task PutAsync(byte[] archive, string name)
    {
        using var response = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At(name), "&format=tar"), new ByteArrayContent(archive));
        Assert.True(response.StatusCode == HttpStatusCode.NoContent, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private async Task<string> RefusedAsync(byte[] archive, HttpStatusCode status)
    {
        using var response = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("to"), "&format=tar"), new ByteArrayContent(archive));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal(status, response.StatusCode);
        return problem.GetProperty("message").GetString()!;
    }

    private ulong Inode(string name) => FileStatus.At(Libc.AT_FDCWD, PosixPath.Of(_guest.At(name)), follow: false)!.Value.Inode;

    /// <summary>Each entry's name, mode, time, and link.</summary>
    private List<string> Facts(string name)
    {
        var root = new DirectoryInfo(_guest.At(name));
        return [.. root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => $"{entry.FullName[root.FullName.Length..]} {entry.UnixFileMode} {(entry.LinkTarget is null ? entry.LastWriteTimeUtc.ToString("o") : "->" + entry.LinkTarget)}")
            .Order(StringComparer.Ordinal)];
    }
}
