using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Tests.Architecture;

/// <summary>The guest is one static program for any image, so it uses nothing that loads a library at run time.</summary>
public sealed class StaticGuestTests : IDisposable
{
    private readonly PEReader _image = new(File.OpenRead(typeof(Digest).Assembly.Location));

    private MetadataReader Metadata => field ??= _image.GetMetadataReader();

    public void Dispose() => _image.Dispose();

    [Fact]
    public void Guest_NeedsNoOpenSsl() => Assert.Equal(["CryptographicOperations"], Used("System.Security.Cryptography"));

    [Fact]
    public void Guest_LooksUpNoNames() => Assert.DoesNotContain("Dns", Used("System.Net"));

    [Fact]
    public void Guest_CallsTheCLibraryAlone() => Assert.Equal(
        ["libc"],
        Enumerable.Range(1, Metadata.GetTableRowCount(TableIndex.ModuleRef))
            .Select(row => Metadata.GetString(Metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name)));

    private IEnumerable<string> Used(string space) => Metadata.TypeReferences
        .Select(Metadata.GetTypeReference)
        .Where(type => Metadata.GetString(type.Namespace) == space)
        .Select(type => Metadata.GetString(type.Name));
}
